import { goList } from "../go-text.ts";
import type { Decoded } from "../shape.ts";
import type { serverTLSSettings } from "../shapes/gateway.ts";
import type { Report } from "./report.ts";

type ServerTls = Decoded<typeof serverTLSSettings>;

const suites: ReadonlySet<string> = new Set([
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA",
  "AES256-SHA",
  "DES-CBC3-SHA",
]);

/** `tls` of a Gateway server or of a Sidecar ingress listener. */
export function validateServerTls(tls: ServerTls | undefined, field: string, report: Report): void {
  if (tls === undefined) return;
  validateCiphers(tls, field, report);
  const { mode = "PASSTHROUGH", credentialNames = [], tlsCertificates = [] } = tls;
  const serverCertificate = tls.serverCertificate ?? "";
  const privateKey = tls.privateKey ?? "";
  const caCertificates = tls.caCertificates ?? "";
  const credentialName = tls.credentialName ?? "";
  if (mode === "ISTIO_MUTUAL") {
    const cannot = "ISTIO_MUTUAL TLS cannot have associated";
    if (serverCertificate !== "") report.refuse(`${field}.serverCertificate`, `${cannot} server certificate`);
    if (privateKey !== "") report.refuse(`${field}.privateKey`, `${cannot} private key`);
    if (caCertificates !== "") report.refuse(`${field}.caCertificates`, `${cannot} CA bundle`);
    if (tlsCertificates.length > 0) report.refuse(`${field}.tlsCertificates`, `${cannot} tlsCertificates`);
    if (credentialName !== "") report.refuse(`${field}.credentialName`, `${cannot} credentialName`);
    if (credentialNames.length > 0) report.refuse(`${field}.credentialNames`, `${cannot} credentialNames`);
    return;
  }
  const files = [tls.caCrl ?? "", serverCertificate, privateKey, caCertificates, credentialName];
  if (mode === "PASSTHROUGH" || mode === "AUTO_PASSTHROUGH") {
    if (files.some((file) => file !== "") || tlsCertificates.length > 0 || credentialNames.length > 0)
      report.warn(field, `${mode} mode does not use certificates, they will be ignored`);
  }
  const sources = [
    serverCertificate !== "" && privateKey !== "",
    credentialName !== "",
    credentialNames.length > 0,
    tlsCertificates.length > 0,
  ].filter(Boolean).length;
  if (sources > 1)
    report.refuse(
      field,
      "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified",
      "keep one of them",
    );
  const serves = mode === "SIMPLE" || mode === "MUTUAL" || mode === "OPTIONAL_MUTUAL";
  if (serves && (credentialName !== "" || credentialNames.length > 0)) return;
  if (serves) validateCertificates(tls, mode, field, report);
  if ((tls.caCrl ?? "") === "") return;
  if (credentialName !== "")
    report.refuse(
      `${field}.caCrl`,
      "CRL is not supported with credentialName. CRL has to be specified in the credential",
    );
  if (mode === "SIMPLE") report.refuse(`${field}.caCrl`, "CRL is not supported with SIMPLE TLS");
}

function validateCertificates(tls: ServerTls, mode: string, field: string, report: Report): void {
  const prefix = mode === "SIMPLE" ? "SIMPLE TLS" : "MUTUAL TLS";
  if (mode !== "SIMPLE" && (tls.caCertificates ?? "") === "")
    report.refuse(field, `${prefix} requires a client CA bundle`);
  const listed = tls.tlsCertificates ?? [];
  if (listed.length > 2) report.warn(`${field}.tlsCertificates`, `${prefix} can support up to 2 server certificates`);
  for (const { serverCertificate = "", privateKey = "" } of listed.length > 0 ? listed : [tls]) {
    if (serverCertificate === "") report.refuse(field, `${prefix} requires a server certificate`);
    if (privateKey === "") report.refuse(field, `${prefix} requires a private key`);
  }
}

function validateCiphers(tls: ServerTls, field: string, report: Report): void {
  const named = tls.cipherSuites ?? [];
  if ((tls.minProtocolVersion === "TLSV1_0" || tls.minProtocolVersion === "TLSV1_1") && named.length === 0)
    report.warn(
      `${field}.minProtocolVersion`,
      "TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers.",
    );
  const valid = named.filter(isCipherSuite);
  const invalid = new Set(named.filter((name) => !isCipherSuite(name)));
  const repeated = new Set(valid.filter((name, index) => valid.indexOf(name) !== index));
  if (invalid.size > 0)
    report.warn(`${field}.cipherSuites`, `ignoring invalid cipher suites: ${goList([...invalid].toSorted())}`);
  if (repeated.size > 0)
    report.warn(`${field}.cipherSuites`, `ignoring duplicate cipher suites: ${goList([...repeated].toSorted())}`);
}

/** Expressions that begin with an operator are not looked into. */
function isCipherSuite(name: string): boolean {
  return name === "" || name === "ALL" || !/^[\p{L}\p{N}]/u.test(name) || suites.has(name);
}
