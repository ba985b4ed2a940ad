// Parses the PowerShell script on standard input. It prints the place of each fault, and
// ends with status 1 if there is one. The argument is the folder node_modules.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.argv[2]);
const { Language, Parser } = await import(pathToFileURL(join(modules, "web-tree-sitter", "web-tree-sitter.js")));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(modules, "tree-sitter-powershell", "tree-sitter-powershell.wasm")));

const script = readFileSync(0, "utf8");
let faults = 0;
const visit = (node) => {
  if (node.isError || node.isMissing) {
    faults++;
    const what = node.isMissing ? `"${node.type}" is missing` : `not PowerShell: ${JSON.stringify(node.text.slice(0, 60))}`;
    console.log(`line ${node.startPosition.row + 1}, column ${node.startPosition.column + 1}: ${what}`);
  }
  for (const child of node.children) {
    visit(child);
  }
};
visit(parser.parse(script).rootNode);
process.exitCode = faults > 0 ? 1 : 0;
