import type { CliIo } from './io.ts'

/**
 * A program that starts a node and gives it a pipe as standard input need not live to stop it: when it ends,
 * however it ends, the system closes the pipe. That then counts as one interrupt. What comes through the pipe
 * is not looked at.
 */
export function interruptedByParent(io: CliIo): CliIo {
  return {
    ...io,
    stdin: io.stdin,
    onInterrupt: (listener) => {
      const release = io.onInterrupt(listener)
      const { stdin } = io
      let isTold = false
      const onEnd = () => {
        if (!isTold) listener()
        isTold = true
      }
      stdin.on('end', onEnd).on('close', onEnd).on('error', onEnd).resume()
      return () => {
        release()
        isTold = true
        // An open pipe would keep the process alive.
        stdin.destroy()
      }
    },
  }
}
