/** What a parser of the option table makes of a text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string }

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

/**
 * `problem` completes a sentence whose beginning names the setting and its value; strangers' text is escaped.
 */
export function expected(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}
