# cmake -DINPUT=FILE.md -DOUTPUT=FILE.html -DTITLE=... -P text_page.cmake: a Markdown text as a page that
# every browser shows, letter for letter. Its style sheet is the page's, one folder up.
file(READ ${INPUT} text)
string(REPLACE "&" "&amp;" text "${text}")
string(REPLACE "<" "&lt;" text "${text}")
string(REPLACE ">" "&gt;" text "${text}")
file(WRITE ${OUTPUT} "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>${TITLE} - Attention Lab</title>
<link rel=\"stylesheet\" href=\"../page.css\">
</head>
<body class=\"document\">
<p><a href=\"../index.html\">Attention Lab</a></p>
<pre>${text}</pre>
</body>
</html>
")
