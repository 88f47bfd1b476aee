/** What every function costs that is deployed as Agent Hive's are, whatever it does. */
export const handler = async () => ({ statusCode: 200 })
