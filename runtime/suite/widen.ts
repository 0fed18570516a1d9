/** A value of a rule that matches all it matched before, and more; undefined: there is none that policies may write. */
export function widened(key: string, value: string): string | undefined {
  if (value === "*" || value === "") return undefined;
  switch (key) {
    case "ports":
    case "destination.port":
    // Service accounts are compared as they stand.
    case "serviceAccounts":
    case "source.serviceAccount":
      return undefined;
    case "ipBlocks":
    case "remoteIpBlocks":
    case "source.ip":
    case "remote.ip":
    case "destination.ip":
      return widerRange(value);
    // Nobody means methods that only begin alike.
    case "methods":
      return "*";
    case "hosts":
      return widerHost(value);
    default:
      return value.includes("{") ? widerTemplate(value) : widerText(value);
  }
}

/** `/api/data` → `/api/*` → `/*` → `*`; a text without slashes → anything that begins with it. */
function widerText(value: string): string {
  if (value.startsWith("*")) return "*";
  const stem = value.replace(/\/?\*$/, "");
  const slash = stem.lastIndexOf("/");
  if (slash >= 0) return `${stem.slice(0, slash + 1)}*`;
  return value.endsWith("*") ? "*" : `${value}*`;
}

function widerHost(value: string): string {
  if (value.startsWith("*")) return "*";
  const dot = value.indexOf(".");
  return dot > 0 ? `*${value.slice(dot)}` : `${value}*`;
}

function widerTemplate(value: string): string | undefined {
  // A template ends with its `{**}`, so only the last `{*}` may become one.
  return value.includes("{**}") || !value.endsWith("{*}") ? undefined : `${value.slice(0, -"{*}".length)}{**}`;
}

/** One bit less of a prefix. */
function widerRange(value: string): string | undefined {
  const [address = "", written] = value.split("/");
  const bits = written === undefined ? (address.includes(":") ? 128 : 32) : Number(written);
  return bits > 0 ? `${address}/${bits - 1}` : undefined;
}
