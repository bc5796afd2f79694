import { clsx } from "clsx";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";
import { Link, type LinkProps } from "react-router";

import styles from "./Button.module.css";

interface Look {
  /** `primary` once a view, for what it is for; `secondary` beside it; `quiet` in rows; `danger` for what cannot be undone. */
  look?: "primary" | "secondary" | "quiet" | "danger";
  size?: "small" | "medium" | "large";
  /** As wide as what it stands in. */
  wide?: boolean;
  /** An icon alone: give it an `aria-label`. */
  square?: boolean;
}

export interface ButtonProps extends Look, Omit<AriaButtonProps, "className" | "style" | "children"> {
  children: ReactNode;
}

/** Does something. With `isPending` it says so and takes no second press. */
export function Button({ look, size, wide, square, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={classes({ look, size, wide, square })}>
      {rest.isPending && <span className={styles.spinner} aria-hidden />}
      {children}
    </AriaButton>
  );
}

/** Goes somewhere, and looks like a button. */
export function ButtonLink({ look, size, wide, square, className, ...rest }: Look & LinkProps) {
  return <Link {...rest} className={clsx(classes({ look, size, wide, square }), className)} />;
}

function classes({ look = "secondary", size = "medium", wide, square }: Look): string {
  return clsx(styles.button, styles[look], styles[size], wide && styles.wide, square && styles.square);
}
