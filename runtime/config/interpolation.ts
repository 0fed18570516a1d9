export interface Interpolated {
  readonly text: string;
  /** Names of variables that are not set and have no default. */
  readonly unset: readonly string[];
}

/** Replaces `${NAME}`, `${NAME:-default}` (unset or empty) and `${NAME-default}` (unset); `$$` is a dollar sign. Defaults are not replaced again. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): Interpolated {
  const unset: string[] = [];
  const replaced = text.replace(
    /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}]*))?\}/g,
    (whole, name: string | undefined, operator: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return whole === "$$" ? "$" : whole;
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (value !== undefined && !(operator === ":-" && value === "")) return value;
      if (operator === undefined) unset.push(name);
      return fallback ?? "";
    },
  );
  return { text: replaced, unset };
}
