DELETE FROM losses WHERE minute < $1
