// Renders /openapi.json as a page one can read and try, without any outside file. Text only ever enters as textContent.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 6;

/** Make an element: element("p", {class: "note"}, "text", child). */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Turn text with `code` in it into nodes. */
function words(text) {
  return (text || "").split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

/** Follow a local $ref. */
function resolve(description, node) {
  if (!node || !node.$ref) return node || {};
  return node.$ref.replace("#/", "").split("/").reduce((at, key) => at[key.replaceAll("~1", "/")], description);
}

/** Say in a few words which values a schema admits. */
function kind(description, schema) {
  const at = resolve(description, schema);
  const choices = at.anyOf || at.oneOf;
  if (choices) return choices.map((choice) => kind(description, choice)).join(" or ");
  if (at.const !== undefined) return JSON.stringify(at.const);
  if (at.enum) return at.enum.map((value) => JSON.stringify(value)).join(", ");
  if (at.type === "array") return "list of " + kind(description, at.items);
  const limits = [];
  for (const [key, word] of [["minimum", "≥ "], ["exclusiveMinimum", "> "], ["maximum", "≤ "], ["minLength", "length ≥ "],
    ["maxLength", "length ≤ "], ["minItems", "items ≥ "], ["maxItems", "items ≤ "]]) {
    if (at[key] !== undefined) limits.push(word + at[key]);
  }
  return [(at.format || at.type || at.title || "any"), ...limits].join(", ");
}

/** Make an example value of a schema, preferring the examples it carries. */
function example(description, schema, depth) {
  const at = resolve(description, schema);
  if (at.example !== undefined) return at.example;
  if (at.examples && at.examples.length) return at.examples[0];
  if (at.const !== undefined) return at.const;
  if (at.default !== undefined) return at.default;
  if (at.enum) return at.enum[0];
  const choices = at.anyOf || at.oneOf || at.allOf;
  if (choices) return example(description, choices[0], depth);
  if (depth > DEEPEST) return null;
  if (at.type === "array") return [example(description, at.items, depth + 1)];
  if (at.type === "object" || at.properties) {
    return Object.fromEntries(Object.entries(at.properties || {}).map(([key, value]) => [key, example(description, value, depth + 1)]));
  }
  return { integer: at.minimum ?? 1, number: 1, boolean: false, null: null }[at.type] ?? "text";
}

/** The example of a body or an answer: its own, or one made from its schema. */
function bodyExample(description, content) {
  const [type, media] = Object.entries(content || {})[0] || [];
  if (!type) return null;
  const named = Object.values(media.examples || {})[0];
  const value = media.example ?? (named && named.value) ?? example(description, media.schema, 0);
  return { type, text: typeof value === "string" ? value : JSON.stringify(value, null, 2) };
}

function table(head, rows) {
  const line = (cells, tag) => element("tr", {}, ...cells.map((cell) => element(tag, {}, cell)));
  return element("table", {}, element("thead", {}, line(head, "th")), element("tbody", {}, ...rows.map((row) => line(row, "td"))));
}

function parametersTable(description, parameters) {
  return table(["name", "where", "what", "meaning"], parameters.map((one) => [
    element("code", {}, one.name + (one.required ? " *" : "")), one.in, kind(description, one.schema), element("span", {}, ...words(one.description)),
  ]));
}

function answers(description, operation) {
  return Object.entries(operation.responses || {}).map(([status, raw]) => {
    const answer = resolve(description, raw);
    const shown = bodyExample(description, answer.content);
    return element("details", {}, element("summary", {}, `${status} `, ...words(answer.description)),
      shown && element("p", { class: "note" }, shown.type), shown && element("pre", { tabindex: "0" }, shown.text));
  });
}

/** Ask the server what the form says, and show what came back. */
async function send(form, method, path, parameters, out) {
  const values = new FormData(form);
  const token = document.getElementById("token").value.trim();
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const query = new URLSearchParams();
  let target = path;
  for (const one of parameters) {
    const value = values.get(one.name);
    if (value === null || value === "") continue;
    if (one.in === "path") target = target.replace(`{${one.name}}`, encodeURIComponent(value));
    else if (one.in === "query") query.append(one.name, value);
    else headers[one.name] = value;
  }
  const body = values.get("body");
  if (body) headers["Content-Type"] = "application/json";
  const address = target + (query.size ? `?${query}` : "");
  out.textContent = "…";
  try {
    const answer = await fetch(address, { method: method.toUpperCase(), headers, body: body || undefined });
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it came */ }
    out.textContent = `${method.toUpperCase()} ${address}\n${answer.status} ${answer.statusText}\n\n${shown}`;
  } catch (problem) {
    out.textContent = String(problem);
  }
}

function tryForm(description, method, path, operation, parameters) {
  const form = element("form", {});
  for (const one of parameters) {
    const field = element("input", { name: one.name, autocomplete: "off" });
    if (one.name === "Idempotency-Key") field.value = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
    else if (one.in === "path") field.value = one.example ?? example(description, one.schema, 0);
    form.append(element("label", {}, `${one.name}${one.required ? " *" : ""}`, field));
  }
  const body = operation.requestBody && bodyExample(description, operation.requestBody.content);
  if (body) {
    const area = element("textarea", { name: "body", spellcheck: "false" });
    area.value = body.text;
    form.append(element("label", {}, "body", area));
  }
  const out = element("pre", { tabindex: "0", "aria-live": "polite" });
  form.append(element("div", {}, element("button", { type: "submit" }, "Send")), out);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, method, path, parameters, out);
  });
  return form;
}

function fill(inside, description, method, path, operation, shared) {
  const parameters = [...shared, ...(operation.parameters || [])].map((one) => resolve(description, one));
  if (operation.description) inside.append(element("p", { class: "text" }, ...words(operation.description)));
  if (operation.security && operation.security.length) inside.append(element("p", { class: "note" }, "Needs an access token."));
  if (parameters.length) inside.append(element("h3", {}, "Parameters"), parametersTable(description, parameters));
  inside.append(element("h3", {}, "Answers"), ...answers(description, operation));
  inside.append(element("h3", {}, "Try it"), tryForm(description, method, path, operation, parameters));
}

/** One call, closed; its inside is made when it is opened first. */
function call(description, method, path, operation, shared) {
  const inside = element("div", {});
  const made = element("details", { class: "call", id: operation.operationId || `${method}${path}` },
    element("summary", {}, element("span", { class: `method ${method}` }, method.toUpperCase()), element("code", {}, path), " ",
      element("span", { class: "note" }, operation.summary || "")), inside);
  made.dataset.words = `${method} ${path} ${operation.summary || ""} ${(operation.tags || []).join(" ")}`.toLowerCase();
  made.addEventListener("toggle", () => {
    if (made.open && !inside.hasChildNodes()) fill(inside, description, method, path, operation, shared);
  });
  return made;
}

function show(description) {
  document.getElementById("about").textContent = `${description.info.summary || ""} Version ${description.info.version}.`;
  const groups = new Map((description.tags || []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(call(description, method, path, item[method], item.parameters || []));
    }
  }
  const main = document.getElementById("operations");
  main.replaceChildren(...[...groups].filter(([, calls]) => calls.length)
    .map(([tag, calls]) => element("section", {}, element("h2", {}, tag), ...calls)));
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.setAttribute("open", "");
}

function filter(words) {
  for (const section of document.querySelectorAll("main section")) {
    const calls = [...section.querySelectorAll("details.call")];
    for (const one of calls) one.hidden = !words.every((word) => one.dataset.words.includes(word));
    section.hidden = calls.every((one) => one.hidden);
  }
}

document.getElementById("filter").addEventListener("input", (event) => {
  filter(event.target.value.toLowerCase().split(/\s+/).filter(Boolean));
});

fetch("/openapi.json").then((answer) => answer.json()).then(show).catch((problem) => {
  document.getElementById("operations").textContent = `The description could not be read: ${problem}`;
});
