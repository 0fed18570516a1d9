/** Takes what a validator refuses. `field` is the path inside the document, such as `spec.rules[0]`. */
export type Refuse = (field: string, message: string, hint?: string) => void;
