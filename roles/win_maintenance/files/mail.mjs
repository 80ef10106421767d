// One mail to the company's own mail server: SMTP with STARTTLS and PLAIN where the settings say so.
import { once } from "node:events";
import { connect } from "node:net";
import { hostname } from "node:os";
import { connect as secure } from "node:tls";

const PATIENCE = 30_000;

export async function send(mail, subject, text) {
  let line = await opened(connect({ host: mail.host, port: mail.port }), "connect");
  await line.said(220);
  await line.ask(`EHLO ${hostname()}`, 250);
  if (mail.starttls) {
    await line.ask("STARTTLS", 220);
    line = await opened(secure({ socket: line.socket, servername: mail.host }), "secureConnect");
    await line.ask(`EHLO ${hostname()}`, 250);
  }
  if (mail.user) await line.ask(`AUTH PLAIN ${base64(`\0${mail.user}\0${mail.password}`)}`, 235);
  await line.ask(`MAIL FROM:<${mail.from}>`, 250);
  for (const recipient of mail.to) await line.ask(`RCPT TO:<${recipient}>`, 250);
  await line.ask("DATA", 354);
  await line.ask(letter(mail, subject, text), 250);
  await line.ask("QUIT", 221);
  line.socket.destroy();
}

function letter(mail, subject, text) {
  const head = [
    `From: <${mail.from}>`,
    `To: ${mail.to.map((recipient) => `<${recipient}>`).join(", ")}`,
    `Subject: =?utf-8?B?${base64(subject)}?=`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  return [...head, "", ...base64(`${text}\n`).match(/.{1,76}/g), "."].join("\r\n");
}

async function opened(socket, event) {
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error(`Mailserver schwieg ${PATIENCE / 1000} s`)));
  await once(socket, event);
  return new Line(socket);
}

class Line {
  constructor(socket) {
    this.socket = socket;
    this.answers = answers(socket);
  }

  async ask(words, code) {
    this.socket.write(`${words}\r\n`);
    await this.said(code);
  }

  async said(code) {
    const { value: answer, done } = await this.answers.next();
    if (done || !answer.startsWith(String(code))) {
      throw new Error(`Mailserver antwortete „${done ? "nichts" : answer}“, erwartet ${code}`);
    }
  }
}

/** Whole answers; of several lines the last. */
async function* answers(socket) {
  let rest = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop();
    for (const line of lines) if (/^\d{3}( |$)/.test(line)) yield line;
  }
}

function base64(text) {
  return Buffer.from(text, "utf8").toString("base64");
}
