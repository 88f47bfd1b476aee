import { everyContract } from '../contract/every-contract.ts'

everyContract('plain Postgres', 'pg')
