import boundaries from "eslint-plugin-boundaries";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** What each layer may import. A feature never imports another; `ui` knows no feature and no API. */
const MAY_IMPORT = {
  app: ["feature", "shared", "ui", "api", "lib"],
  feature: ["shared", "ui", "api", "lib"],
  shared: ["shared", "ui", "api", "lib"],
  ui: ["ui", "lib"],
  api: ["api", "lib"],
  lib: ["lib"],
};

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.ts"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      complexity: ["error", 12],
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Take the time from ~/lib/clock" },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: "Take the time from ~/lib/clock" },
      ],
    },
  },
  {
    plugins: { boundaries },
    settings: {
      "import/resolver": { typescript: { project: "tsconfig.json" } },
      "boundaries/elements": [
        { type: "app", pattern: "src/app" },
        { type: "feature", pattern: "src/features/*", capture: ["feature"] },
        { type: "shared", pattern: "src/shared" },
        { type: "ui", pattern: "src/ui" },
        { type: "api", pattern: "src/api" },
        { type: "lib", pattern: "src/lib" },
      ],
    },
    rules: {
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            ...Object.entries(MAY_IMPORT).map(([type, may]) => ({
              from: { element: { type } },
              allow: { to: { element: { types: { anyOf: may } } } },
            })),
            { allow: { to: { module: { origin: ["external", "core"] } } } },
            {
              from: { element: { type: "feature" } },
              allow: { to: { element: { type: "feature", captured: { feature: "{{from.element.captured.feature}}" } } } },
            },
          ],
        },
      ],
    },
  },
  { files: ["src/lib/clock.ts"], rules: { "no-restricted-syntax": "off" } },
  { files: ["eslint.config.js"], ...tseslint.configs.disableTypeChecked },
);
