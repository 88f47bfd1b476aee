import { createServer } from 'node:net'
import { freePort } from './free-port.ts'
import { readState, writeState } from './state-file.ts'

export type LocalPorts = {
  gateway: number
  redis: number
  upstash: number
  postgres: number
  neon: number
  queues: number
  s3: number
}

/** Where the gateway is when nobody says otherwise. */
const defaults: Partial<LocalPorts> = { gateway: 4800 }

/** Gives each server the first free port of: the one wanted, the one it had the last time, the default, any. Remembers them. */
export async function localPorts(dir: string, wanted: Partial<LocalPorts>): Promise<LocalPorts> {
  const kept = await readState<Partial<LocalPorts>>(dir, 'ports.json')
  const taken = new Set<number>()
  const choose = async (name: keyof LocalPorts) => {
    let port = 0
    for (const candidate of [wanted[name], kept?.[name], defaults[name]]) {
      if (port === 0 && candidate && !taken.has(candidate) && (await isFree(candidate))) port = candidate
    }
    while (port === 0 || taken.has(port)) port = await freePort()
    taken.add(port)
    return port
  }
  const ports = {
    gateway: await choose('gateway'),
    redis: await choose('redis'),
    upstash: await choose('upstash'),
    postgres: await choose('postgres'),
    neon: await choose('neon'),
    queues: await choose('queues'),
    s3: await choose('s3'),
  }
  await writeState(dir, 'ports.json', ports)
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
