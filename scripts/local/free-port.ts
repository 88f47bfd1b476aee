import { createServer } from 'node:net'

/**
 * A TCP port of 127.0.0.1 that nobody listens on right now. Another process may still take it before the caller
 * does, so callers that bind it later must be ready to ask again.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.unref()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
