// mailauth's opinion of the DKIM signatures of many messages, in one process.
//
// Reads {"records": {name: TXT value}, "messages": [base64, ...]} from standard input; writes, for each message,
// the list of its signatures' results ("pass", "fail", ...), in their order. No DNS is asked.
"use strict";

const { dkimVerify } = require("mailauth/lib/dkim/verify");

async function main() {
  const { records, messages } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const resolver = async (name) => [[records[name]]];
  const verdicts = [];
  for (const message of messages) {
    const { results } = await dkimVerify(Buffer.from(message, "base64"), { resolver });
    verdicts.push(results.map((result) => result.status.result));
  }
  process.stdout.write(JSON.stringify(verdicts));
}

main();
