// nodemailer's pool, used as its documentation shows: the same mail as Courseletter's, with its values replaced.
// Usage: node nodemailer.mjs PORT MESSAGES CONNECTIONS MAIL.json KEY.pem|- ; prints milliseconds of CPU a message.
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const [port, count, connections] = process.argv.slice(2, 5).map(Number);
const mail = JSON.parse(readFileSync(process.argv[5], "utf8"));
const key = process.argv[6];
const options = { pool: true, host: "127.0.0.1", port, ignoreTLS: true, maxConnections: connections, maxMessages: Infinity };
if (key !== "-") {
  options.dkim = { domainName: mail.domain, keySelector: "s", privateKey: readFileSync(key, "utf8") };
}
const transport = nodemailer.createTransport(options);
const fill = (text, number) => text.replaceAll("@NAME@", `Reader ${number % 977}`).replaceAll("@TOKEN@", `t${number}`);
let next = 0;

async function work() {
  while (next < count) {
    const number = next++;
    const to = `reader${number}@inbox.example.org`;
    await transport.sendMail({
      from: mail.from, to, envelope: { from: `b+${number}@bounces.${mail.domain}`, to },
      subject: mail.subject, text: fill(mail.text, number), html: fill(mail.html, number),
      list: { unsubscribe: { url: fill(mail.unsubscribe, number), comment: "" } },
      headers: { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
    });
  }
}

const before = process.cpuUsage();
await Promise.all(Array.from({ length: connections * 2 }, work));
const used = process.cpuUsage(before);
console.log((used.user + used.system) / 1000 / count);
transport.close();
