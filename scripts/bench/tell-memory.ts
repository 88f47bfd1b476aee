/** Loaded into each process of a bench, beside what it is for: says what the process holds when it is asked to. */
export type Memory = {
  /** Of JavaScript's own objects, once garbage is collected. */
  heap: number
  /** Of buffers outside of that heap. */
  external: number
  rss: number
}

process.on('message', (message) => {
  if (message !== 'memory') return
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const memory: Memory = { heap: heapUsed, external, rss }
  process.send?.(memory)
})
