import type { ParsedJwt } from "./parse.ts";

/** Tokens whose signature holds, of one rule and one set of keys: new keys begin with an empty one. Refusals are never kept. */
export interface TokenCache {
  readonly get: (token: string) => ParsedJwt | undefined;
  readonly put: (token: string, jwt: ParsedJwt) => void;
  readonly drop: (token: string) => void;
}

const mostTokens = 512;
/** Longer tokens are verified every time. */
const longest = 4096;

/** Keeps the tokens that were used last. */
export function createTokenCache(): TokenCache {
  const kept = new Map<string, ParsedJwt>();
  return {
    get: (token) => {
      const jwt = kept.get(token);
      if (jwt === undefined) return undefined;
      kept.delete(token);
      kept.set(token, jwt);
      return jwt;
    },
    put: (token, jwt) => {
      if (token.length > longest) return;
      const [oldest] = kept.keys();
      if (kept.size >= mostTokens && oldest !== undefined) kept.delete(oldest);
      kept.set(token, jwt);
    },
    drop: (token) => {
      kept.delete(token);
    },
  };
}
