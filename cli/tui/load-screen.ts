import { createRequire } from "node:module";
import type * as screen from "./show-screen.tsx";

/** Loads the full-screen view, beside whatever else is starting. */
export function loadScreen(): Promise<typeof screen> {
  loadReact();
  return import("./show-screen.tsx");
}

/**
 * React decides by NODE_ENV, when it is loaded, whether it is the slow development build. The variable is set only while these calls
 * run, which cannot be interrupted, so that no program we start ever inherits it.
 */
function loadReact(): void {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    const load = createRequire(import.meta.url);
    const loadOfInk = createRequire(import.meta.resolve("ink"));
    load("react");
    load("react/jsx-runtime");
    loadOfInk("react-reconciler");
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}
