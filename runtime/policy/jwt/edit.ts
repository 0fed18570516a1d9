import type { HeaderEdit } from "../../model/header-edit.ts";
import type { JwtProvider, TokenOutcome } from "../../model/jwt.ts";
import { withNames } from "../../wire/header-names.ts";
import { reservedHeaders } from "./authenticate.ts";

/** The change to a request's headers, with what its token adds to it and takes away (spec RA-9, RA-11). */
export function withToken(edit: HeaderEdit, jwt: readonly JwtProvider[], token: TokenOutcome | undefined): HeaderEdit {
  if (jwt.length === 0) return edit;
  const removed = token?.changes.removed ?? reservedHeaders(jwt);
  const added = token?.changes.added ?? [];
  if (removed.length === 0 && added.length === 0) return edit;
  return {
    remove: withNames(edit.remove, removed),
    add: [...edit.add.filter(([name]) => !removed.includes(name)), ...added],
  };
}
