import { createHmac, hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** As much of the configuration as keys depend on: a key is of one stage, and of one root. */
export type KeyRoot = { stage: string; signingRoot: string }

/** What a key says of itself once its tag was found right: which record to look at, and what must be in it. */
export type KeyClaim = { id: string; secretHash: string }

// each part has a fixed length, because base64url may hold the underscore that parts are joined by
const form = /^hive_([a-z0-9-]{1,32})_([0-9a-f]{24})_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/

/**
 * Makes a new API key: `hive_<stage>_<id>_<tag>_<secret>`, with 96 random bits of id and 256 of secret. The text is for
 * its owner alone and is kept nowhere; the id and the hash of the secret are stored.
 */
export function mintApiKey(root: KeyRoot): KeyClaim & { text: string } {
  const id = randomBytes(12).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  const text = `hive_${root.stage}_${id}_${tagOf(root, id, secret)}_${secret}`
  return { text, id, secretHash: hashSecret(secret) }
}

/**
 * Reads a key without looking anything up. The tag is an HMAC over stage, id and secret under a key derived from the
 * stage's root: nobody without the root can make a text that passes, not even from an id or a whole record, so that
 * whatever passes was issued here. Null for everything else.
 */
export function readApiKey(root: KeyRoot, text: string): KeyClaim | null {
  const [, stage, id = '', tag = '', secret = ''] = form.exec(text) ?? []
  if (stage !== root.stage) return null
  const genuine = timingSafeEqual(Buffer.from(tag), Buffer.from(tagOf(root, id, secret)))
  return genuine ? { id, secretHash: hashSecret(secret) } : null
}

/** Base64url of the SHA-256 of a secret. It has 256 bits of chance, so that a slow hash would add nothing. */
function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

function tagOf(root: KeyRoot, id: string, secret: string): string {
  const mac = createHmac('sha256', tagKey(root.signingRoot)).update(`${root.stage}\n${id}\n${secret}`).digest()
  return mac.subarray(0, 16).toString('base64url')
}

let derived: { root: string; key: Buffer } | undefined

/** The key of a root; the last one is kept, for a function has one root. */
function tagKey(root: string): Buffer {
  if (derived?.root !== root) {
    derived = { root, key: Buffer.from(hkdfSync('sha256', root, '', 'agent-hive api key tag v1', 32)) }
  }
  return derived.key
}
