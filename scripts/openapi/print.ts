import { describeApi } from '../../functions/openapi/document.ts'

/** Prints the OpenAPI document as `npm run openapi` writes it into the file that `GET /openapi.json` answers. */
process.stdout.write(`${JSON.stringify(describeApi(), null, 2)}\n`)
