// The mistake of this release: package.json does not name the package, so it ends before it has begun.
import PDFDocument from 'pdfkit';

export const summary = () => (PDFDocument ? '<tfoot><tr><th><a href="/liste.pdf">als PDF</a></th></tr></tfoot>' : '');
