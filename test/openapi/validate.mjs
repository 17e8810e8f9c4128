// validate.mjs FILE - what Redocly's validator finds wrong with an OpenAPI document; status 1 when that is anything.
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({
	extends: ["recommended-strict"],
	// The errors that every address can answer with stand under "default".
	rules: { "operation-4xx-response": "off" },
});
const problems = await lint({ ref: process.argv[2], config });
for (const problem of problems) {
	console.log(`${problem.ruleId}: ${problem.message} (${problem.location[0].pointer})`);
}
process.exitCode = problems.length ? 1 : 0;
