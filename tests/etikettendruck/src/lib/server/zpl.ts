/** A label in the language of the printers (ZPL II). Their control characters cannot come from a label's text. */
export function zpl(title: string, content: string): string {
  return `^XA^CI28^FO40,40^A0N,60,60^FD${plain(title)}^FS^FO40,130^A0N,36,36^FB700,8^FD${plain(content)}^FS^XZ\n`;
}

function plain(text: string): string {
  return text.replace(/[\^~]/g, ' ').replace(/\r?\n/g, '\\&');
}
