"""Official documents, ledgers and the day report as .docx, .pdf and .xlsx, without Qt."""
