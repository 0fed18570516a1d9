/** What the filters of a sidecar note about a request or connection: Envoy's dynamic metadata, as far as policies may look at it (spec AP-50). */

/** Of one filter, by key: a text, the texts of a list, or null where it holds something that no condition can match. */
export type FilterNotes = ReadonlyMap<string, string | readonly string[] | null>;

/** By name of the filter. */
export type AllNotes = ReadonlyMap<string, FilterNotes>;

/** Names of the filters that write notes, by layer. */
export const notingFilters = {
  http: { rbac: "envoy.filters.http.rbac", extAuthz: "envoy.filters.http.ext_authz" },
  tcp: { rbac: "envoy.filters.network.rbac", extAuthz: "envoy.filters.network.ext_authz" },
} as const;

/** How far a request has come among the providers of CUSTOM policies. */
export interface CustomCursor {
  /** To look at next. */
  readonly stage: number;
  /** Id of the CUSTOM rule that matched last; empty: none did. */
  readonly matched: string;
  /** Of the RBAC filters before each provider; kept only where a policy reads them. */
  readonly noted: FilterNotes;
}
