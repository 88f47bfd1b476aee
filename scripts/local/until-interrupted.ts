/** npm passes a Ctrl-C on to its child, which the terminal has told already. */
const sameKeyPressMs = 500

/** Resolves at the first Ctrl-C or SIGTERM. A second one ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | null = null
    const interrupt = () => {
      if (first === null) {
        first = performance.now()
        resolve()
      } else if (performance.now() - first > sameKeyPressMs) process.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  })
}
