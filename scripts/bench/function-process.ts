import { loadConfig } from '../../core/config.ts'
import { createHive } from '../../core/hive.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { startGateway } from '../local/gateway/start-gateway.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { logErrors } from './log-errors.ts'

// A function in a process of its own, behind a gateway of its own: it loads the handlers that it is asked for, and no others.
setWarmHive(createHive(loadConfig(process.env), { log: logErrors, endpoints: loopbackEndpoints }))
const gateway = await startGateway({ port: 0 })
process.once('disconnect', () => process.exit(0))
console.log(JSON.stringify({ url: gateway.url }))
