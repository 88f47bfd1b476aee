import { everyContract } from '../contract/every-contract.ts'

everyContract('Neon over HTTP', 'neon-http')
