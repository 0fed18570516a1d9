import * as fc from "fast-check";

/** Values that policies name and requests carry come from the same lists, so that they meet, nest, and miss by a character. */
export const texts = {
  paths: [
    "/",
    "/admin",
    "/admin/",
    "/admin/x",
    "/Admin",
    "/a",
    "/a/b",
    "/api/v1/users",
    "/api/v1/users/7",
    "/store/cart",
    "/store//cart",
    "/store/7/cart",
    "/store/7/8/cart",
    "/public/x.css",
  ],
  /** Targets that a proxy rewrites before a policy sees them. */
  oddTargets: [
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public/%2E/x.css",
    "//admin",
    "/admin%2Fx",
    "/admin%5cx",
    "/%61dmin",
    "/%%61dmin",
    "/admin%",
    "/admin/..;/a",
    "/a/.;x/b",
    "/admin;x=1",
    "/a|b",
    "/a/b?x=/admin",
    "/admin?x=../a",
    "/admin#x",
    "/a\\b",
    "/admin%00",
    "/a/%252e%252e/admin",
    "///",
    "/a/b/..",
    "/store/%7B*%7D/cart",
  ],
  hosts: ["backend", "backend:8080", "backend.default", "BACKEND", "api.example.com", "Api.Example.com", "example.com"],
  methods: ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"],
  roles: ["admin", "administrator", "Admin", "user", "", "a*", "*"],
  identities: [
    "cluster.local/ns/default/sa/frontend",
    "cluster.local/ns/other/sa/shop",
    "cluster.local/ns/default/sa/shop",
    "cluster.local/ns/default-2/sa/frontend",
    "cluster.local/ns/prod/sa/front",
    "td1/ns/default/sa/frontend",
    "old-td/ns/other/sa/shop",
    "cluster.local/x/ns/default/sa/frontend",
    "cluster.local/ns/default/x/sa/frontend/y",
    "cluster.local/ns/other/sa/sa",
  ],
  namespaces: ["default", "other", "prod", "default-2", "istio-system", "ns"],
  accounts: ["frontend", "shop", "sa", "default"],
  trustDomains: ["cluster.local", "td1", "old-td", "local"],
  addresses: ["10.244.0.11", "10.244.0.12", "10.244.1.31", "10.244.0.21", "203.0.113.7", "198.51.100.9", "2001:db8::5"],
  blocks: [
    "10.244.0.0/24",
    "10.244.0.10/31",
    "10.244.0.12/30",
    "10.244.1.0/27",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "203.0.113.0/29",
    "2001:db8::/32",
    "2001:db8::4/126",
    "::ffff:10.244.0.0/112",
  ],
  ports: ["8080", "80", "8081", "9000", "9500", "7000", "0", "65535"],
  issuers: ["https://issuer.example", "https://second.example"],
  subjects: ["alice", "bob", "alice/admin", ""],
  words: ["dev", "ops", "admin", "read", "write", "1", "true"],
  names: [
    "outbound_.8080_._.backend.default.svc.cluster.local",
    "outbound_.9000_._.backend.default.svc.cluster.local",
    "www.example.com",
    "WWW.Example.com",
  ],
} as const;

/** A value, now and then one character off: in the wrong case, too long, too short. */
export function nearly(values: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...values), fc.nat({ max: 11 })).map(([value, change]) => {
    if (change === 0) return `${value}x`;
    if (change === 1 && value.length > 1) return value.slice(0, -1);
    if (change === 2) return value.toUpperCase();
    return value;
  });
}

/** A value as policies may write it: whole, a beginning, an end, or anything. */
export function pattern(values: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(nearly(values), fc.nat({ max: 9 }), fc.nat({ max: 12 })).map(([value, form, cut]) => {
    if (form === 0) return "*";
    if (form <= 2) return `${value.slice(0, Math.max(1, cut))}*`;
    if (form === 3) return `*${value.slice(-Math.max(1, cut))}`;
    // Stars that are none, and one at both ends.
    if (form === 4) return `*${value.slice(-Math.max(1, cut))}*`;
    return value === "" ? "x" : value;
  });
}
