/** Why `url.Parse` refuses a text, in Go's words; undefined when it takes it. */
export function urlFault(text: string): string | undefined {
  const hash = text.indexOf("#");
  const head = hash === -1 ? text : text.slice(0, hash);
  const fault = parseFault(head, false);
  if (fault !== undefined) return `parse ${JSON.stringify(head)}: ${fault}`;
  const escape = hash === -1 ? undefined : escapeFault(text.slice(hash + 1));
  return escape === undefined ? undefined : `parse ${JSON.stringify(text)}: ${escape}`;
}

/** The same for `url.ParseRequestURI`, which wants an absolute URL or an absolute path and knows no fragment. */
export function requestUrlFault(text: string): string | undefined {
  const fault = parseFault(text, true);
  return fault === undefined ? undefined : `parse ${JSON.stringify(text)}: ${fault}`;
}

/** Lower case; empty when the text has none. */
export function urlScheme(text: string): string {
  return /^([a-zA-Z][-+.a-zA-Z0-9]*):/.exec(text)?.[1]?.toLowerCase() ?? "";
}

function parseFault(text: string, request: boolean): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return "net/url: invalid control character in URL";
  if (text === "") return request ? "empty url" : undefined;
  if (text === "*") return undefined;
  if (text.startsWith(":")) return "missing protocol scheme";
  const scheme = /^[a-zA-Z][-+.a-zA-Z0-9]*:/.exec(text)?.[0] ?? "";
  let rest = text.slice(scheme.length);
  const question = rest.indexOf("?");
  if (question !== -1) rest = rest.slice(0, question);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return undefined;
    if (request) return "invalid URI for request";
    const colon = rest.indexOf(":");
    if (colon !== -1 && !rest.slice(0, colon).includes("/")) return "first path segment in URL cannot contain colon";
  }
  if (rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"))) {
    const slash = rest.indexOf("/", 2);
    const authority = slash === -1 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash === -1 ? "" : rest.slice(slash);
    const fault = authorityFault(authority);
    if (fault !== undefined) return fault;
  }
  return escapeFault(rest);
}

function authorityFault(authority: string): string | undefined {
  const at = authority.lastIndexOf("@");
  if (at !== -1 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at)))
    return "net/url: invalid userinfo";
  const host = authority.slice(at + 1);
  if (host.startsWith("[")) {
    const close = host.lastIndexOf("]");
    if (close === -1) return "missing ']' in host";
    return portFault(host.slice(close + 1));
  }
  const colon = host.lastIndexOf(":");
  const port = colon === -1 ? undefined : portFault(host.slice(colon));
  if (port !== undefined) return port;
  const bad = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.exec(host)?.[0];
  const escape = /%(?![0-9A-Fa-f]{2})[^]{0,2}/.exec(host)?.[0] ?? /%[0-7][0-9A-Fa-f]/.exec(host)?.[0];
  if (escape !== undefined && escape !== "%25") return `invalid URL escape ${JSON.stringify(escape)}`;
  return bad === undefined ? undefined : `invalid character ${JSON.stringify(bad)} in host name`;
}

function portFault(port: string): string | undefined {
  return port === "" || /^:\d*$/.test(port) ? undefined : `invalid port ${JSON.stringify(port)} after host`;
}

function escapeFault(text: string): string | undefined {
  const found = /%(?![0-9A-Fa-f]{2})[^]{0,2}/.exec(text)?.[0];
  return found === undefined ? undefined : `invalid URL escape ${JSON.stringify(found)}`;
}
