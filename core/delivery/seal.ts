import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const version = 'v1'
const ivBytes = 12
const tagBytes = 16

/**
 * Seals a signing secret for storage: AES-256-GCM under a key derived from the stage's root. The agent's name is bound
 * to it, so that a sealed value copied to another agent does not open.
 * @returns `v1.` and the base64url of nonce, ciphertext and tag
 */
export function sealSecret(secret: string, agent: string, signingRoot: string): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(signingRoot), iv).setAAD(Buffer.from(agent))
  const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${version}.${sealed.toString('base64url')}`
}

/** Opens what `sealSecret` made. Throws if the value was changed, or sealed for another agent or under another root. */
export function openSecret(sealed: string, agent: string, signingRoot: string): string {
  const [form, encoded = ''] = sealed.split('.')
  const bytes = Buffer.from(encoded, 'base64url')
  if (form !== version || bytes.length < ivBytes + tagBytes) throw new Error('a sealed secret has an unknown form')
  const iv = bytes.subarray(0, ivBytes)
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(signingRoot), iv, { authTagLength: tagBytes })
    .setAAD(Buffer.from(agent))
    .setAuthTag(bytes.subarray(-tagBytes))
  try {
    const opened = [decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]
    return Buffer.concat(opened).toString('utf8')
  } catch (cause) {
    throw new Error('a sealed secret does not open: it was changed, moved or sealed under another root', { cause })
  }
}

/** Those of an agent's sealed secrets that open. Where the stage has another root than before, the older ones do not. */
export function readable(sealed: string[], agent: string, signingRoot: string): { sealed: string; secret: string }[] {
  return sealed.flatMap((text) => {
    try {
      return [{ sealed: text, secret: openSecret(text, agent, signingRoot) }]
    } catch {
      return []
    }
  })
}

function deriveKey(signingRoot: string): Buffer {
  return Buffer.from(hkdfSync('sha256', signingRoot, '', `agent-hive signing secret ${version}`, 32))
}
