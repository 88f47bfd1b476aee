import type { Command } from 'commander'
import { HiveClient } from './client.ts'
import { findConnection } from './connection.ts'
import { createOutput, type Output } from './output.ts'

export type Session = { client: HiveClient; out: Output }

/** The hive that a command's flags and environment name, and where its output goes. Throws UsageError when there is none. */
export function openSession(command: Command): Session {
  const { url, key, json } = command.optsWithGlobals<{ url?: string; key?: string; json?: boolean }>()
  const connection = findConnection({ ...(url === undefined ? {} : { url }), ...(key === undefined ? {} : { key }) })
  return { client: new HiveClient(connection.url, connection.key), out: createOutput(json === true) }
}
