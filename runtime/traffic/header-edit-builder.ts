import type { HeaderEdit } from "../model/header-edit.ts";
import { type FixedNames, GrowingNames, noNames } from "../wire/header-names.ts";

/** A `HeaderEdit` in the making: later steps see and replace what earlier ones did. */
export interface HeaderEditBuilder extends HeaderEdit {
  readonly remove: GrowingNames;
  readonly add: (readonly [name: string, value: string])[];
}

export function createEdit(remove: FixedNames = noNames): HeaderEditBuilder {
  return { remove: new GrowingNames(remove), add: [] };
}

export function copyEdit(edit: HeaderEditBuilder): HeaderEditBuilder {
  return { remove: edit.remove.copy(), add: [...edit.add] };
}

export function dropHeader(edit: HeaderEditBuilder, name: string): void {
  edit.remove.add(name);
  for (let i = edit.add.length - 1; i >= 0; i--) if (edit.add[i]?.[0] === name) edit.add.splice(i, 1);
}

export function setHeader(edit: HeaderEditBuilder, name: string, value: string): void {
  dropHeader(edit, name);
  edit.add.push([name, value]);
}

export function appendHeader(edit: HeaderEditBuilder, name: string, value: string): void {
  edit.add.push([name, value]);
}

/** The values of a header as they are after the edit. */
export function editedValues(
  edit: HeaderEdit,
  original: (name: string) => readonly string[],
  name: string,
): readonly string[] {
  const kept = edit.remove.has(name) ? none : original(name);
  if (!edit.add.some((entry) => entry[0] === name)) return kept;
  return [...kept, ...edit.add.filter((entry) => entry[0] === name).map((entry) => entry[1])];
}

const none: readonly string[] = [];
