import type { CodeTable } from "./table.ts";

/** MD1xxx: problems of a file: YAML, schema, the project file. A number is never reused; a retired one stays, marked so. */
export const fileCodes = {
  MD1001: {
    title: "The YAML cannot be parsed",
    why: "The text is not valid YAML, so nothing of this file can be read.",
    next: "Fix the line that the caret shows. The last valid version of each document stays in force.",
  },
  MD1002: {
    title: "The project file has an unknown key",
    why: "meshdev.yaml has a fixed set of keys; an unknown one is most often a typing error.",
    next: "Correct or remove the key. `meshdev schema project` prints every key.",
  },
  MD1003: {
    title: "A value in the project file is not understood",
    why: "The value has the wrong type or is outside what the key allows.",
    next: "Write a value of the kind that the message names.",
  },
  MD1004: {
    title: "A document is not a Kubernetes object",
    why: "Every document of the mesh folder needs apiVersion, kind and metadata.name, as an API server would ask for.",
    next: "Add what is missing, or move the file out of the mesh folder.",
  },
  MD1005: {
    title: "A kind or version that Istio does not have",
    why: "The API group is Istio's, but it has no such kind or no such version.",
    next: "Correct apiVersion and kind.",
  },
  MD1006: {
    title: "A resource has an unknown field",
    why: "The API server refuses fields that the schema does not know, so the document would not reach a cluster either.",
    next: "Correct the field's name or its indentation.",
  },
  MD1007: {
    title: "A field has a value that the schema refuses",
    why: "The value has the wrong type, is not one of the allowed values, or is missing.",
    next: "Use one of the values that the message names.",
  },
  MD1008: {
    title: "Istio would refuse the resource",
    why: "The document has the right shape, but Istio's validation refuses its meaning.",
    next: "Change the field that the caret shows.",
  },
  MD1009: {
    title: "A key is written twice",
    why: "One of the two values would be lost, and YAML does not say which.",
    next: "Remove one of them.",
  },
  MD1010: {
    title: "A document is too large",
    why: "It has more text, nodes or nesting than any real resource; aliases may multiply it.",
    next: "Split the file, or remove the aliases.",
  },
  MD1012: {
    title: "A resource breaks a rule of its schema",
    why: "The CRD carries rules that look at several fields at once (`x-kubernetes-validations`); an API server refuses what breaks one. They are only judged when every field has the right shape.",
    next: "The message is the rule's own. Change one of the fields it names.",
  },
  MD1011: {
    title: "A variable is not set",
    why: "The project file uses ${NAME} and the environment has no such variable.",
    next: "Set the variable, or write ${NAME:-default}.",
  },
  MD1013: {
    title: "A file of variables has a line that is not understood",
    why: "`.env` and the files of `env_file` hold NAME=value lines, as Compose reads them. A file with a fault gives no variables.",
    next: "Correct the line that the caret shows; put values with blanks and # in quotes.",
  },
  MD1014: {
    title: "A file that a service names is not there",
    why: "`env_file` names a file whose variables the program needs.",
    next: "Make the file, correct its name, or write `required: false`.",
  },
  MD1015: {
    title: "A service watches files outside of the project",
    why: "Globs of `watch` are relative to `cwd`. One that leaves both the project's folder and `cwd` may mean a whole disk.",
    next: "Watch files below the project, or set `cwd`.",
  },
  MD1016: {
    title: "A Procfile has a line that is not understood",
    why: "Each line is `name: command`, and each name becomes a service of that name.",
    next: "Correct the line that the caret shows, or write a meshdev.yaml.",
  },
  MD1020: {
    title: "A test file has an unknown key",
    why: "*.mesh-test.yaml has a fixed set of keys; a key that is passed over would be an expectation that nobody checks.",
    next: "Correct or remove the key. `meshdev schema test` prints every key.",
  },
  MD1021: {
    title: "A value in a test file is not understood",
    why: "The value has the wrong type, or a case says too little to be run.",
    next: "Write what the message names. Nothing of the file is run before.",
  },
  MD1022: {
    title: "A test names something that the project does not have",
    why: "A service, port, policy or provider of that name is not in the mesh, so the case could not fail for the right reason.",
    next: "Correct the name; `meshdev check` reads the same files.",
  },
} as const satisfies CodeTable<`MD1${string}`>;
