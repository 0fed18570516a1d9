import type { Problem } from "../../../runtime/core/problem.ts";
import { type ParsedDocument, parseDocuments } from "../../../runtime/config/documents.ts";
import type { Resource } from "../../../runtime/model/resource.ts";

export const meshYaml = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: backend
spec:
  selector: { matchLabels: { app: backend } }
  mtls:
    mode: STRICT
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata:
  name: backend-allow
  namespace: shop
  labels: { team: red }
  creationTimestamp: "2023-11-14T22:13:20Z"
spec:
  rules:
    - from:
        - source:
            principals: ["cluster.local/ns/default/sa/a", "cluster.local/ns/default/sa/b"]
    - to:
        - operation:
            methods: ["GET"]
`;

export function resourcesOf(text: string, path = "mesh.yaml"): readonly Resource[] {
  return parseDocuments({ path, text }).documents.flatMap((document) => document.resource ?? []);
}

export function problemsOf(text: string): readonly Problem[] {
  const parsed = parseDocuments({ path: "mesh.yaml", text });
  return [...parsed.problems, ...parsed.documents.flatMap((document) => document.problems)];
}

export function onlyDocument(text: string): ParsedDocument {
  const [document, second] = parseDocuments({ path: "mesh.yaml", text }).documents;
  if (document === undefined || second !== undefined) throw new Error("exactly one document expected");
  return document;
}
