/** The authority of a URL as Envoy's URL parser takes it, stricter than it takes Host: what is left of user information, host and port. */
export interface UrlAuthority {
  /** Host and port as written, without user information. */
  readonly authority: string;
  readonly hasUser: boolean;
  readonly hasPort: boolean;
}

const form =
  /^([A-Za-z0-9\-_.!~*'()%;:&=+$,]*@)?((?:[A-Za-z0-9\-_.]+|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9%.\-_~]+)?\])(?::(\d{1,5}))?)$/;

/** Undefined when the URL parser refuses it. Only absolute targets and CONNECT come here. */
export function readUrlAuthority(text: string): UrlAuthority | undefined {
  const match = form.exec(text);
  const [, user, authority, port] = match ?? [];
  if (authority === undefined || Number(port ?? 0) > 65_535) return undefined;
  return { authority, hasUser: user !== undefined, hasPort: port !== undefined };
}
