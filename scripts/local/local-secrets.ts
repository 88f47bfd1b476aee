import { randomBytes } from 'node:crypto'
import { readState, writeState } from './state-file.ts'

/** What only this local cloud knows. It is made once and kept, for agents and sealed secrets depend on it. */
export type LocalSecrets = { admin_key: string; signing_root: string; redis_token: string }

/** Reads the secrets of a state folder, making what is missing. */
export async function localSecrets(dir: string): Promise<LocalSecrets> {
  const kept = await readState<Partial<LocalSecrets>>(dir, 'secrets.json')
  const secrets = {
    admin_key: kept?.admin_key ?? `hive_local_${random()}`,
    signing_root: kept?.signing_root ?? random(),
    redis_token: kept?.redis_token ?? random(),
  }
  await writeState(dir, 'secrets.json', secrets)
  return secrets
}

const random = () => randomBytes(32).toString('base64url')
