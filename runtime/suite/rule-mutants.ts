import type { AuthorizationRule } from "../model/istio-security.ts";
import type { Change } from "./mutants.ts";
import { widened } from "./widen.ts";

type Fields = Readonly<Record<string, readonly string[] | undefined>>;

/** A rule with one of its parts dropped, widened or negated. `path`: of the rule in its document. */
export function ruleMutants(rule: AuthorizationRule, path: string): readonly Change<AuthorizationRule>[] {
  const { from = [], to = [], when = [] } = rule;
  return [
    ...listMutants(from, `${path}.from`, "source").map(({ list, ...rest }) => ({
      ...rest,
      spec: { ...rule, from: list },
    })),
    ...from.flatMap(({ source }, index) =>
      fieldMutants({ ...source }, `${path}.from[${index}].source`, "from.source").map(({ fields, ...rest }) => ({
        ...rest,
        spec: { ...rule, from: from.with(index, { source: fields }) },
      })),
    ),
    ...listMutants(to, `${path}.to`, "operation").map(({ list, ...rest }) => ({
      ...rest,
      spec: { ...rule, to: list },
    })),
    ...to.flatMap(({ operation }, index) =>
      fieldMutants({ ...operation }, `${path}.to[${index}].operation`, "to.operation").map(({ fields, ...rest }) => ({
        ...rest,
        spec: { ...rule, to: to.with(index, { operation: fields }) },
      })),
    ),
    ...when.flatMap((condition, index) => {
      const field = `${path}.when[${index}]`;
      const { key, values, notValues } = condition;
      return [
        { field, change: `drop the condition ${key}`, spec: { ...rule, when: when.toSpliced(index, 1) } },
        ...fieldMutants({ values, notValues }, field, `when ${key}`, key)
          .filter(({ drops }) => !drops || (values !== undefined && notValues !== undefined))
          .map(({ fields, ...rest }) => ({ ...rest, spec: { ...rule, when: when.with(index, { key, ...fields }) } })),
      ];
    }),
  ];
}

/** One of several alternatives less. */
function listMutants<T>(
  list: readonly T[],
  path: string,
  name: string,
): readonly { readonly field: string; readonly change: string; readonly list: readonly T[] }[] {
  if (list.length < 2) return [];
  return list.map((_item, index) => ({
    field: `${path}[${index}]`,
    change: `drop the ${name}`,
    list: list.toSpliced(index, 1),
  }));
}

interface FieldMutant {
  readonly field: string;
  readonly change: string;
  readonly fields: Fields;
  /** The whole clause is gone. */
  readonly drops: boolean;
}

/** `key`: of a condition, where the fields are only called values. */
function fieldMutants(fields: Fields, path: string, label: string, key?: string): readonly FieldMutant[] {
  return Object.entries(fields).flatMap(([name, values]): readonly FieldMutant[] => {
    if (values === undefined || values.length === 0) return [];
    const { [name]: _own, ...rest } = fields;
    const field = `${path}.${name}`;
    const clause = key === undefined ? `${label}.${name}` : `${label} ${name}`;
    const written = `[${values.join(", ")}]`;
    const opposite = oppositeOf(name);
    const plain = name.startsWith("not") ? opposite : name;
    return [
      { field, change: `drop the clause ${clause} ${written}`, fields: rest, drops: true },
      ...(rest[opposite] === undefined
        ? [
            {
              field,
              change: `negate the clause ${clause} ${written}`,
              fields: { ...rest, [opposite]: values },
              drops: false,
            },
          ]
        : []),
      ...values.flatMap((value, index) => {
        const place = `${field}[${index}]`;
        const wider = widened(key ?? plain, value);
        return [
          ...(values.length < 2
            ? []
            : [
                {
                  field: place,
                  change: `drop the value ${value} of ${clause}`,
                  fields: { ...fields, [name]: values.toSpliced(index, 1) },
                  drops: false,
                },
              ]),
          ...(wider === undefined || values.includes(wider)
            ? []
            : [
                {
                  field: place,
                  change: `${wider} instead of ${value} in ${clause}`,
                  fields: { ...fields, [name]: values.with(index, wider) },
                  drops: false,
                },
              ]),
        ];
      }),
    ];
  });
}

/** `methods` ⇄ `notMethods` */
function oppositeOf(name: string): string {
  return name.startsWith("not")
    ? `${name.charAt(3).toLowerCase()}${name.slice(4)}`
    : `not${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
