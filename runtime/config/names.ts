/** RFC 1123 label: what Kubernetes asks of namespaces, services and Istio of labels in host names. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** RFC 1123 subdomain: what Kubernetes asks of metadata.name. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text);
}

/** A label value: empty, or up to 63 characters that begin and end alphanumerically. */
export function isLabelValue(text: string): boolean {
  return text === "" || (text.length <= 63 && isQualifiedName(text));
}

/** A label key: optional DNS prefix and `/`, then a name. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  const name = slash === -1 ? text : text.slice(slash + 1);
  return (slash === -1 || isDnsSubdomain(text.slice(0, slash))) && name.length <= 63 && isQualifiedName(name);
}

function isQualifiedName(text: string): boolean {
  return /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(text);
}
