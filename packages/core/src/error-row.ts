/**
 * `meaning` says what happened, `remedy` what to do about it. `http` is the status an API answers with,
 * `exit` the code a command ends with (1 when absent: a bug or an unforeseen fault).
 */
export interface ErrorRow {
  readonly meaning: string
  readonly remedy: string
  readonly http: number
  readonly exit?: number
}

/**
 * Exit codes of the command, distinct so that a script can tell them apart. 0 is success, 1 a bug of ours.
 */
export const EXIT = {
  usage: 2,
  portTaken: 3,
  locked: 4,
  damaged: 5,
  disk: 6,
  permission: 7,
  verification: 8,
  format: 9,
  mismatch: 10,
  key: 11,
  notFound: 12,
  devnet: 13,
} as const
