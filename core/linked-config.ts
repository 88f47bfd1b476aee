import { createDecipheriv } from 'node:crypto'
import { type GivenConfig, type HiveConfig, loadConfig, parseConfig } from './config.ts'

/** What a stage is linked to, by the name of the link. */
export type Links = Record<string, Record<string, unknown>>

/**
 * The configuration of a function: what the stage links to it, where it was deployed, else what the environment says.
 * Throws as `loadConfig` does.
 */
export function readConfig(env: Record<string, string | undefined>): HiveConfig {
  const links = readLinks(env)
  return links ? parseConfig(fieldsOf(links)) : loadConfig(env)
}

/**
 * The links that sst put beside a bundle: JSON under AES-256-GCM with a nonce of zeros and a key that is used for nothing
 * else. Read here in a few lines, because sst's own reader costs a cold start its environment and a proxy.
 */
function readLinks({ SST_KEY: key, SST_KEY_FILE: file }: Record<string, string | undefined>): Links | null {
  if (!key || !file) return null
  // an import would read every export of it, and load what reads streams and folders for some
  const sealed = process.getBuiltinModule('node:fs').readFileSync(file)
  const opening = createDecipheriv('aes-256-gcm', Buffer.from(key, 'base64'), Buffer.alloc(12), { authTagLength: 16 })
  opening.setAuthTag(sealed.subarray(-16))
  const text = Buffer.concat([opening.update(sealed.subarray(0, -16)), opening.final()])
  return JSON.parse(text.toString('utf8')) as Links
}

/**
 * A link's name and property name a field: a secret's `value` is the field itself (`RedisRestUrl`), a queue's `url` ends
 * it (`DeliverQueue` and `url`: `deliverQueueUrl`). The properties of `Hive` are fields by their own names.
 */
export function fieldsOf(links: Links): GivenConfig {
  const fields: Record<string, string> = {}
  for (const [name, { type: _type, ...properties }] of Object.entries(links)) {
    for (const [property, value] of Object.entries(properties)) {
      const end = property === 'value' ? '' : property.charAt(0).toUpperCase() + property.slice(1)
      const field = name === 'Hive' ? property : name.charAt(0).toLowerCase() + name.slice(1) + end
      if (value !== '') fields[field] = String(value)
    }
  }
  return fields
}
