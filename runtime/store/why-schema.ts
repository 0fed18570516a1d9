import { count, flag, listOf, nullable, oneOfTexts, record, reference, text, type Schema } from "./schema-terms.ts";
import { anyEvent, header } from "./schemas.ts";

const place = record({ file: text, line: count, column: count });

const remarks = listOf(record({ text, at: place }));
const cause = record({ text, at: nullable(place), what: nullable(text), changes: remarks }, { misplaced: remarks });

const call = record(
  { from: text, to: text, method: text, path: text, headers: listOf(listOf(text)) },
  { port: count, tls: oneOfTexts("plaintext", "no-certificate", "foreign-certificate"), tcp: text },
);

/** JSON Schema of `meshdev why -o json`: an event that happened, or a call that was asked about. */
export const whySchema: Schema = {
  ...header,
  $id: "urn:meshdev:schema:why:1",
  title: "Why a call, connection or handshake ended as it did",
  ...record({
    schemaVersion: { const: 1 },
    predicted: flag,
    outcome: nullable(oneOfTexts("allow", "deny", "depends", "tls-fail", "unreachable")),
    cause: nullable(cause),
    decision: nullable(reference("decision")),
    call: nullable(call),
    summary: nullable(text),
    event: nullable({ oneOf: anyEvent({}, {}) }),
    handshake: nullable({ oneOf: anyEvent({}, {}) }),
  }),
};
