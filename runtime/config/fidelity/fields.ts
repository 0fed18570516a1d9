import type { Shape } from "../shape.ts";

/** A field that holds a value: text, number, switch, a list or map of such, or anything. */
export interface Field {
  /** `spec.http[].match[].headers.*.exact`: `[]` stands for every item of a list, `*` for every key of a map. */
  readonly path: string;
  /** The protobuf message that it belongs to, and its name there: the same code reads it wherever the message stands. */
  readonly message: string;
  readonly name: string;
}

/** Every field below a shape, in the order of declaration; second spellings are left out. */
export function fieldsOf(shape: Shape, path: string): readonly Field[] {
  return fieldsBelow(shape, path, { message: "", name: path });
}

function fieldsBelow(shape: Shape, path: string, own: Omit<Field, "path">): readonly Field[] {
  switch (shape.kind) {
    case "object": {
      const message = shape.message ?? own.message;
      const inner = Object.entries(shape.fields).filter(([, field]) => field.alias !== true);
      return inner.flatMap(([name, field]) => fieldsBelow(field, `${path}.${name}`, { message, name }));
    }
    case "list":
      return isPlain(shape.of) ? [{ path, ...own }] : fieldsBelow(shape.of, `${path}[]`, own);
    case "map":
      return isPlain(shape.of) ? [{ path, ...own }] : fieldsBelow(shape.of, `${path}.*`, own);
    default:
      return [{ path, ...own }];
  }
}

function isPlain({ kind }: Shape): boolean {
  return kind !== "object" && kind !== "list" && kind !== "map";
}
