import { rm } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startCloud } from '../local/cloud.ts'

/**
 * The local cloud in a process of its own, in the folder that it is given, for benches that load it over HTTP. Says where it is,
 * and on each message from its parent how much memory it holds once garbage is collected.
 */
const [stateDir = ''] = process.argv.slice(2)
let errors = 0
const log = { info: () => {}, warn: () => {}, error: () => void errors++ }
const cloud = await startCloud({ stateDir, persistent: false, port: 0, settings: { logMessages: 'false' }, log })
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('message', () => {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  process.send?.({ heapUsed, rss, errors })
})
process.on('disconnect', async () => {
  await cloud.stop()
  await rm(stateDir, { recursive: true, force: true })
  process.exit(0)
})
process.send?.({ url: cloud.url, adminKey: cloud.adminKey, redisUrl: cloud.redisUrl })
