import type { TokenOutcome } from "../../model/jwt.ts";
import { detailsOf, statusOf } from "./fault.ts";

/** What the answer to a request with a refused token says. */
export interface TokenRefusal {
  readonly status: 401 | 403;
  readonly text: string;
  readonly details: string;
  readonly challenge: string;
}

/** `path`: normalised, as it came, with its query. `tls`: whether the connection is. */
export function tokenRefusal(
  token: TokenOutcome,
  request: {
    readonly authority: string;
    readonly path: string;
    readonly tls: boolean;
    readonly header: (name: string) => readonly string[];
  },
): TokenRefusal {
  const text = token.fault ?? "";
  const uri = `${requestScheme(request.header, request.tls)}://${request.authority}${request.path.slice(0, longestPath)}`;
  return {
    status: statusOf(text),
    text,
    details: detailsOf(text),
    challenge: `Bearer realm="${uri}", error="invalid_token"`,
  };
}

/** Only the path of the URL in a challenge is cut (errata security 18). */
const longestPath = 256;

/** The scheme that a request claims, else that of its connection. */
export function requestScheme(header: (name: string) => readonly string[], tls: boolean): string {
  const claimed = header("x-forwarded-proto")[0]?.toLowerCase();
  if (claimed === "http" || claimed === "https") return claimed;
  return tls ? "https" : "http";
}
