import { everyContract } from '../contract/every-contract.ts'

everyContract('Neon over WebSockets', 'neon-websocket')
