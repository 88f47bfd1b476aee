import { createHash } from 'node:crypto'
import { instrumentScript } from './instrument-script.ts'

export type KnownScript = {
  source: string
  /** SHA-1 of the source: what clients know it by. */
  sha: string
  /** What runs in its place, and the SHA-1 by which Redis knows that. */
  instrumented: string
  instrumentedSha: string
}

/** The scripts that clients have sent, by source and by SHA. It is empty at first: an EVALSHA then gets NOSCRIPT. */
export class ScriptCatalog {
  readonly #bySource = new Map<string, KnownScript>()
  readonly #bySha = new Map<string, KnownScript>()

  learn(source: string): KnownScript {
    const known = this.#bySource.get(source)
    if (known !== undefined) return known
    const instrumented = instrumentScript(source)
    const script = { source, sha: sha1(source), instrumented, instrumentedSha: sha1(instrumented) }
    this.#bySource.set(source, script)
    this.#bySha.set(script.sha, script)
    return script
  }

  find(sha: string): KnownScript | undefined {
    return this.#bySha.get(sha.toLowerCase())
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
