import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Runs a command under strace and reads what it wrote: which system calls there were, in which order they
 * were begun and ended. Lines of `strace -f -ttt -y -xx`, with paths spelt out and strings cut short here:
 *
 *   4711 1767225600.123456 write(18</tmp/ledger/000003.log>, "\x71\xf4"..., 987) = 987
 *   4712 1767225600.123460 fdatasync(18</tmp/ledger/000003.log> <unfinished ...>
 *   4711 1767225600.123470 writev(21<socket:[5]>, [{iov_base="\x23\x31", iov_len=2}], 1) = 2
 *   4712 1767225600.124001 <... fdatasync resumed>) = 0
 *   4711 1767225600.200000 exit_group(0) = ?
 *   4711 1767225600.200100 +++ exited with 0 +++
 */
export interface SystemCall {
  readonly pid: number
  readonly name: string
  /** The first argument, when it is a file descriptor, by what it stands for. */
  readonly file: string
  /** All bytes of the strings among the arguments, in their order. */
  readonly data: Buffer
  /** Lines of the trace; the end is that of the beginning when nothing came between. */
  readonly beganAt: number
  readonly endedAt: number
  /** Undefined when the call never ended. */
  readonly result: number | undefined
  /** Seconds. */
  readonly time: number
}

export interface Trace {
  readonly calls: readonly SystemCall[]
  /** When the first process ended, in seconds. */
  readonly endTime: number
}

export const hasStrace = spawnSync('strace', ['--version']).status === 0

const STRING_BYTES_MAX = 1_048_576

/** The program in front of the command. `filters` are what follows `-e`. */
export function straceWrapper(output: string, filters: readonly string[]): string[] {
  const options = filters.flatMap((filter) => ['-e', filter])
  // Without seccomp every system call stops twice. With it, strace 6.1 injects no signals.
  const fast = filters.some((filter) => filter.includes('signal=')) ? [] : ['--seccomp-bpf']
  const form = ['-ttt', '-y', '-xx', '-s', String(STRING_BYTES_MAX)]
  return ['strace', '-f', ...fast, ...form, '-o', output, ...options]
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/
const BEGIN = /^(\w+)\((.*)$/s
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s
const RESULT = /= (-?\d+|\?)(?: [^"]*)?$/
const UNFINISHED = ' <unfinished ...>'

/** `output` must be complete: the traced process has ended. */
export function readTrace(output: string): Trace {
  const calls: SystemCall[] = []
  const open = new Map<number, Omit<SystemCall, 'endedAt' | 'result'>>()
  let endTime = 0
  const lines = readFileSync(output, 'latin1').split('\n')
  for (const [at, line] of lines.entries()) {
    const [, pidText, timeText, rest] = LINE.exec(line) ?? []
    if (rest === undefined) continue
    const pid = Number(pidText)
    const time = Number(timeText)
    if (rest.startsWith('+++')) endTime = time
    const resumed = RESUMED.exec(rest)
    const begun = BEGIN.exec(rest)
    if (resumed !== null) {
      const call = open.get(pid)
      if (call !== undefined) calls.push({ ...call, endedAt: at, result: resultOf(resumed[2] ?? '') })
      open.delete(pid)
    } else if (begun !== null) {
      const [, name = '', args = ''] = begun
      const call = { pid, name, file: fileOf(args), data: dataOf(args), beganAt: at, time }
      if (args.endsWith(UNFINISHED)) open.set(pid, call)
      else calls.push({ ...call, endedAt: at, result: resultOf(args) })
    }
  }
  for (const call of open.values()) {
    calls.push({ ...call, endedAt: Number.POSITIVE_INFINITY, result: undefined })
  }
  return { calls: calls.sort((a, b) => a.beganAt - b.beganAt), endTime }
}

function resultOf(text: string): number | undefined {
  const [, result] = RESULT.exec(text) ?? []
  return result === undefined || result === '?' ? undefined : Number(result)
}

/** `18<\x2f\x74...>, ...` */
function fileOf(args: string): string {
  return unescaped(/^\d+<([^>]*)>/.exec(args)?.[1] ?? '').toString()
}

function dataOf(args: string): Buffer {
  const strings = args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)
  return Buffer.concat(Array.from(strings, ([, text]) => unescaped(text ?? '')))
}

function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex')
}
