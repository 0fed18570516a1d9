/** Certificates that a DestinationRule takes from Kubernetes objects, `credentialName` (spec CT-11). */

/** All of them that the files hold, and who may read Secrets. Kept apart from other resources: what stands here is shown nowhere. */
export interface Credentials {
  readonly secrets: readonly CredentialObject[];
  readonly configMaps: readonly CredentialObject[];
  readonly readers: readonly SecretReader[];
}

export interface CredentialObject {
  readonly namespace: string;
  readonly name: string;
  /** Decoded. */
  readonly data: ReadonlyMap<string, string>;
}

/** A user or group that may list Secrets. */
export interface SecretReader {
  /** Undefined: of every namespace. */
  readonly namespace: string | undefined;
  /** `system:serviceaccount:default:frontend`, or a group of service accounts. */
  readonly who: string;
}

/** PEM texts that stand for the files of other rules. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly crl?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface CredentialClient {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface CredentialWish {
  readonly name: string;
  readonly mutual: boolean;
  /** Whether the server's certificate is verified. */
  readonly verifies: boolean;
}

/** What a sidecar gets for the name, or why it gets nothing: istiod then never sends it, and no connection is made (spec TC-46). */
export function findCredential(
  credentials: Credentials,
  client: CredentialClient,
  { name, mutual, verifies }: CredentialWish,
): TlsMaterial | { readonly fault: string } {
  if (name.startsWith(configMapScheme)) return fromConfigMap(credentials, name, mutual, verifies);
  const bare = name.replace(/^kubernetes:\/\//, "");
  const slash = bare.indexOf("/");
  const namespace = slash < 0 ? client.namespace : bare.slice(0, slash);
  const own = bare.slice(slash + 1);
  if (namespace !== client.namespace)
    return { fault: `a sidecar of ${client.namespace} gets no Secret of ${namespace}` };
  if (!mayRead(credentials.readers, client)) {
    return { fault: `service account ${client.namespace}/${client.serviceAccount} may not list Secrets` };
  }
  const find = (wanted: string): CredentialObject | undefined =>
    credentials.secrets.find((each) => each.namespace === namespace && each.name === wanted);
  const found = find(own);
  const pair = mutual ? keyPairOf(found, `Secret ${namespace}/${own}`) : {};
  if ("fault" in pair) return pair;
  const root = verifies ? rootOf(find(`${own}-cacert`) ?? found, `Secret ${namespace}/${own}`) : {};
  return "fault" in root ? root : { ...pair, ...root };
}

const configMapScheme = "configmap://";

/** Whether such a name counts in a rule without a workloadSelector: everybody may read ConfigMaps. */
export function isPublicCredential(name: string): boolean {
  return name.startsWith(configMapScheme);
}

function fromConfigMap(
  { configMaps }: Credentials,
  reference: string,
  mutual: boolean,
  verifies: boolean,
): TlsMaterial | { readonly fault: string } {
  const [namespace = "", name = ""] = reference.slice(configMapScheme.length).split("/");
  if (mutual) return { fault: "a ConfigMap gives no client certificate" };
  if (!verifies) return {};
  const found = configMaps.find((each) => each.namespace === namespace && each.name === name);
  return rootOf(found, `ConfigMap ${namespace}/${name}`);
}

/** A generic object's keys, then those of the kind kubernetes.io/tls. */
function keyPairOf(
  found: CredentialObject | undefined,
  label: string,
): Pick<TlsMaterial, "cert" | "key"> | { readonly fault: string } {
  if (found === undefined) return { fault: `${label} is not there` };
  for (const [certName, keyName] of [
    ["cert", "key"],
    ["tls.crt", "tls.key"],
  ] as const) {
    const [cert, key] = [found.data.get(certName) ?? "", found.data.get(keyName) ?? ""];
    if (cert !== "" && key !== "") return { cert, key };
  }
  return { fault: `${label} has neither cert and key nor tls.crt and tls.key` };
}

function rootOf(
  found: CredentialObject | undefined,
  label: string,
): Pick<TlsMaterial, "ca" | "crl"> | { readonly fault: string } {
  if (found === undefined) return { fault: `${label} is not there` };
  for (const [caName, crlName] of [
    ["cacert", "crl"],
    ["ca.crt", "ca.crl"],
  ] as const) {
    const [ca, crl] = [found.data.get(caName) ?? "", found.data.get(crlName) ?? ""];
    if (ca !== "") return { ca, ...(crl === "" ? {} : { crl }) };
  }
  return { fault: `${label} has neither cacert nor ca.crt` };
}

function mayRead(readers: readonly SecretReader[], { namespace, serviceAccount }: CredentialClient): boolean {
  const names = [
    `system:serviceaccount:${namespace}:${serviceAccount}`,
    `system:serviceaccounts:${namespace}`,
    "system:serviceaccounts",
    "system:authenticated",
  ];
  return readers.some(
    (reader) => names.includes(reader.who) && (reader.namespace === undefined || reader.namespace === namespace),
  );
}
